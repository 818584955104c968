using System.Net;
using System.Reflection;
using HubshareDemo.Admin;
using HubshareDemo.Auth;
using HubshareDemo.Http;
using HubshareDemo.Hubs;
using HubshareDemo.Incidents;
using HubshareDemo.Metrics;
using HubshareDemo.Security;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Options;

namespace HubshareDemo;

/// <summary>Joins the parts to one server; owns no logic of its own.</summary>
public static class DemoServer
{
    private const int LongestMessage = 1024 * 1024;
    private const int CallsAtOncePerConnection = 1_000;

    public static WebApplication Build(DemoOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, options.Port);
        });
        AddLogging(builder.Logging, options.Verbose);
        AddServices(builder.Services, options);

        var app = builder.Build();
        app.UseMiddleware<AccessLogMiddleware>();
        app.UseHostFiltering();
        app.UseSecurityHeaders(options.ConnectOrigins);
        app.UseOtherOrigins(options.AllowedOrigins);
        // Here and not only in SignalR's endpoints, so that a WebSocket can be accepted to be closed with a reason.
        app.UseWebSockets();
        app.UseMiddleware<AvailabilityMiddleware>();
        app.UseMiddleware<FailedAttemptsMiddleware>();
        app.UseMiddleware<HubTrafficMiddleware>();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseMiddleware<SameUserMiddleware>();
        if (options.StaticFolder is not null)
        {
            app.UseStaticSite(options.StaticFolder);
        }

        MapEndpoints(app);
        return app;
    }

    /// <summary>Everything goes to standard error: standard output carries the one line that says where the server listens.</summary>
    private static void AddLogging(ILoggingBuilder logging, bool verbose)
    {
        logging.AddSimpleConsole(console => console.SingleLine = true);
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.SetMinimumLevel(LogLevel.Warning);
        // SignalR logs a HubException, which is an answer to the caller, as it logs a failure. The call filter logs the real ones.
        logging.AddFilter("Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher", LogLevel.None);
        if (verbose)
        {
            logging.AddFilter(nameof(HubshareDemo), LogLevel.Information);
        }
    }

    private static void AddServices(IServiceCollection services, DemoOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<Counters>();
        services.AddSingleton<Switches>();
        services.AddSingleton<Availability>();
        services.AddSingleton<AccessLog>();

        services.AddSingleton<SecurityClock>();
        services.AddSingleton<SecurityLog>();
        services.AddSingleton<FailedAttempts>();
        services.AddSingleton<CallRate>();
        services.AddSingleton<Accounts>();

        services.AddSingleton<AccessTokens>();
        services.AddSingleton<AccessTokenCheck>();
        services.AddSingleton<Doorkeeper>();
        services.AddSingleton<RefreshFamilies>();
        services.AddSingleton<AuthEndpoints>();
        services.AddSingleton<IUserIdProvider, UserIdProvider>();
        services.AddHubAuthentication();

        services.AddSingleton<HubPools>();
        // Incidents, metrics, presence and the admin calls are about the hub of the ops console.
        services.AddSingleton(provider => provider.GetRequiredService<HubPools>().Ops.Registry);
        services.AddSingleton(provider => provider.GetRequiredService<HubPools>().Ops.Groups);
        services.AddSingleton<ConnectionCutter>();
        services.AddSingleton<HubTransports>();
        services.AddSingleton<HubEndpoints>();
        services.AddSingleton<PresenceAnnouncer>();
        services.AddSingleton<UserReports>();
        services.AddSingleton<Reauthentication>();
        services.AddSingleton<SecureHubServices>();
        services.AddSingleton<CallFilter>();
        services.AddSingleton<AccountFilter>();
        services.AddSingleton<CallRateFilter>();
        services.AddSingleton(new ConnectionOwners(TokenClaims.UserIdOf));
        services.AddSingleton(typeof(HubLifetimeManager<>), typeof(QueueingLifetimeManager<>));
        services.AddHostedService<ExpiryWatch>();
        services.AddSignalR(hub =>
        {
            hub.MaximumReceiveMessageSize = LongestMessage;
            // One at a time is the default. Many tabs share a connection here: a slow call of one must not hold up the others, nor the cut.
            hub.MaximumParallelInvocationsPerClient = CallsAtOncePerConnection;
            hub.AddFilter<CallFilter>();
            hub.AddFilter<ConnectionOwners>();
            hub.AddFilter<AccountFilter>();
            hub.AddFilter<CallRateFilter>();
        });
        services.Configure<ConnectionOptions>(connection => connection.DisconnectTimeout = options.DisconnectTimeout);
        services.AddSingleton<IHubProtocol>(provider => new CountingHubProtocol(
            new OptionalArgumentsProtocol(
                new ResumableUploadsProtocol(new JsonHubProtocol(provider.GetRequiredService<IOptions<JsonHubProtocolOptions>>())),
                OpsHub.WithOptionalArguments),
            provider.GetRequiredService<Counters>()));

        services.AddSingleton<IncidentBoard>();
        services.AddHostedService<IncidentAnnouncer>();

        services.AddSingleton<IHostProbe>(_ => LinuxHostProbe.IsAvailable ? new LinuxHostProbe() : new PortableHostProbe());
        services.AddSingleton<SchedulingDelay>();
        services.AddSingleton<MetricHistory>();
        services.AddHostedService<MetricPump>();

        services.AddSingleton<SequenceSender>();
        services.AddSingleton<AdminEndpoints>();

        services.AddOtherOrigins(options.AllowedOrigins);
        services.AddRouting();
        services.AddSingleton<IHostLifetime, GracefulLifetime>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        // A page of a foreign name that resolves to this machine (DNS rebinding) is no page of this origin.
        services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = ["127.0.0.1", "localhost", "*.localhost"]);
    }

    private static void MapEndpoints(WebApplication app)
    {
        app.Services.GetRequiredService<HubEndpoints>().Map(app);
        app.Services.GetRequiredService<AuthEndpoints>().Map(app);
        app.Services.GetRequiredService<AdminEndpoints>().Map(app);
        app.MapGet("/healthz", () => "ok");

        var version = typeof(DemoServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        app.MapGet("/api/config", () => Results.Json(new { hub = HubEndpoints.Ops, server = "aspnet", version }));
    }
}

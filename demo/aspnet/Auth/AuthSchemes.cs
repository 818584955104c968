using HubshareDemo.Admin;
using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace HubshareDemo.Auth;

/// <summary>The two ways in which a hub of this server checks a token. Neither is the default: each endpoint names its own.</summary>
public static class AuthSchemes
{
    /// <summary>Takes the token from the Authorization header or from the subprotocols of a WebSocket.</summary>
    public const string HeaderOrSubprotocol = "HeaderOrSubprotocol";

    /// <summary>AddJwtBearer and nothing else, as most servers have it.</summary>
    public const string Stock = "Stock";

    public static IServiceCollection AddHubAuthentication(this IServiceCollection services)
    {
        services.AddAuthentication().AddJwtBearer(HeaderOrSubprotocol).AddJwtBearer(Stock);
        services.AddOptions<JwtBearerOptions>(Stock).Configure<AccessTokens>(Check);
        services.AddOptions<JwtBearerOptions>(HeaderOrSubprotocol)
            .Configure<AccessTokens, Switches, DemoOptions, AccessTokenCheck, Doorkeeper>((options, tokens, switches, demo, check, doorkeeper) =>
            {
                Check(options, tokens);
                options.Events = new JwtBearerEvents
                {
                    OnMessageReceived = context =>
                    {
                        context.Token = (demo.AllowQueryToken ? QueryToken.Of(context.HttpContext) : null)
                            ?? (switches.Subprotocol ? SubprotocolBearer.TokenOf(context.HttpContext) : null);
                        return Task.CompletedTask;
                    },
                    OnTokenValidated = context =>
                    {
                        Admit(context, check);
                        return Task.CompletedTask;
                    },
                    // Whatever goes wrong in a check refuses; without this line an error that was not foreseen would answer 500.
                    OnAuthenticationFailed = context =>
                    {
                        context.Fail(context.Exception);
                        return Task.CompletedTask;
                    },
                    OnChallenge = context =>
                    {
                        context.HandleResponse();
                        return doorkeeper.RefuseAsync(context.HttpContext, Refusal.For(context.AuthenticateFailure));
                    },
                    OnForbidden = context => doorkeeper.RefuseAsync(context.HttpContext, Refusal.NotAdmin),
                };
            });
        services.AddAuthorization(authorization =>
            authorization.AddPolicy(HubPolicies.Admin, policy => policy.RequireClaim(TokenClaims.CheckedRole, TokenClaims.AdminRole)));
        WithoutKeyRing(services);
        return services;
    }

    /// <summary>AddAuthentication also starts data protection, for cookie schemes; unused here, it would write keys to the user's home.</summary>
    private static void WithoutKeyRing(IServiceCollection services)
    {
        var isKeyRing = (ServiceDescriptor service) => service.ServiceType == typeof(IHostedService)
            && service.ImplementationType?.Namespace?.StartsWith("Microsoft.AspNetCore.DataProtection", StringComparison.Ordinal) == true;
        foreach (var service in services.Where(isKeyRing).ToList())
        {
            services.Remove(service);
        }
    }

    private static void Check(JwtBearerOptions options, AccessTokens tokens)
    {
        options.MapInboundClaims = false;
        options.TokenValidationParameters = tokens.ValidationParameters();
    }

    private static void Admit(TokenValidatedContext context, AccessTokenCheck check)
    {
        try
        {
            check.Admit(context.SecurityToken, context.Principal);
        }
        catch (Exception error)
        {
            // A check that throws refuses, whatever it throws.
            context.Fail(error as RefusalException ?? new RefusalException(Refusal.CheckFailed));
            return;
        }

        if (TokenClaims.ExpiresAtMs(context.Principal) is { } expiresAtMs)
        {
            // What CloseOnAuthenticationExpiration goes by. It is kept in whole seconds: the next one, for a connection must not end
            // before the time that its client was told.
            context.Properties.ExpiresUtc = DateTimeOffset.FromUnixTimeSeconds((long)Math.Ceiling(expiresAtMs / 1000.0));
        }
    }
}

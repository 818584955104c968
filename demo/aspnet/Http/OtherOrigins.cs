using Microsoft.Net.Http.Headers;

namespace HubshareDemo.Http;

/// <summary>Lets pages of other origins ask this server (CORS): those that it was told of, by their whole origin, and no others.</summary>
public static class OtherOrigins
{
    /// <summary>Without it a page of another origin is not told when to come back.</summary>
    private static readonly string[] Exposed = [HeaderNames.RetryAfter];

    /// <summary>
    /// What SignalR's client sends in a browser, with the token. Not `x-demo-admin`: that a page cannot send it is what keeps pages of other
    /// origins away from the admin endpoint.
    /// </summary>
    private static readonly string[] Headers = [HeaderNames.Authorization, HeaderNames.ContentType, HeaderNames.XRequestedWith, "X-SignalR-User-Agent"];

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete];

    public static IServiceCollection AddOtherOrigins(this IServiceCollection services, IReadOnlyList<string> allowed) =>
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins([.. allowed])
            // SignalR sends cookies along unless it is told otherwise.
            .AllowCredentials()
            .WithHeaders(Headers)
            .WithMethods(Methods)
            .WithExposedHeaders(Exposed)
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10))));

    /// <summary>Ahead of all that may refuse: a page of another origin can read no refusal without it. Says nothing where there are none.</summary>
    public static IApplicationBuilder UseOtherOrigins(this IApplicationBuilder app, IReadOnlyList<string> allowed)
    {
        if (allowed.Count == 0)
        {
            return app;
        }

        // ASP.NET says so only where it allows several: a cache must not give an allowed page what another was answered.
        app.Use((context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.Vary = HeaderNames.Origin;
                return Task.CompletedTask;
            });
            return next(context);
        });
        return app.UseCors();
    }
}

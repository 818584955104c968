namespace HubshareDemo.Http;

/// <summary>Headers that go with every answer, and the content security policy that goes with pages and scripts.</summary>
public static class SecurityHeaders
{
    /// <param name="app">The pipeline.</param>
    /// <param name="connectOrigins">Other origins that pages and workers may connect to.</param>
    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app, IReadOnlyList<string> connectOrigins)
    {
        var policy = PolicyFor(connectOrigins);
        return app.Use((context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                var headers = context.Response.Headers;
                headers.XContentTypeOptions = "nosniff";
                headers["Referrer-Policy"] = "no-referrer";
                if (ResponseKinds.IsHtmlOrScript(context.Response))
                {
                    headers.ContentSecurityPolicy = policy;
                }

                return Task.CompletedTask;
            });
            return next(context);
        });
    }

    /// <summary>`'self'` covers WebSockets to the same origin; for another origin they are named beside it.</summary>
    private static string PolicyFor(IReadOnlyList<string> connectOrigins)
    {
        var connect = connectOrigins.SelectMany(origin => new[] { origin, $"ws{origin["http".Length..]}" }).Prepend("'self'");
        return $"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src {string.Join(' ', connect)}; worker-src 'self'; "
            + "base-uri 'none'; frame-ancestors 'none'; form-action 'none'";
    }
}

using HubshareDemo.Admin;
using HubshareDemo.Auth;
using HubshareDemo.Http;
using HubshareDemo.Security;

namespace HubshareDemo.Hubs;

/// <summary>In front of the hubs: counts what kind of request comes, delays it if that is asked for, refuses a token in a URL.</summary>
public sealed class HubTrafficMiddleware(RequestDelegate next, DemoOptions options, Counters counters, Switches switches, HubTransports transports, SecurityLog log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/hubs", out var rest))
        {
            await next(context);
            return;
        }

        var isStock = context.Request.Path.StartsWithSegments(HubEndpoints.Stock);
        var isAllowed = options.AllowQueryToken && !isStock && QueryToken.Of(context) is not null;
        if (isAllowed)
        {
            counters.TokensInUrl.Add();
            log.Note(Doorkeeper.NoteOf(context, SecurityEventType.QueryTokenUsed));
        }

        if (UrlTokens.Any(context.Request.Query, isAllowed ? QueryToken.Parameter : null))
        {
            counters.TokensInUrl.Add();
            log.Note(Doorkeeper.NoteOf(context, SecurityEventType.TokenInUrl));
            // A stock server would not mind; the token is only counted there, so that the stock endpoint stays stock.
            if (!isStock)
            {
                await ErrorBody.WriteAsync(
                    context,
                    StatusCodes.Status400BadRequest,
                    "TOKEN_IN_URL",
                    "A URL must not carry a token: send it in the Authorization header or as a WebSocket subprotocol.");
                return;
            }
        }

        context.Response.OnStarting(() =>
        {
            Count(context);
            return Task.CompletedTask;
        });

        if (HttpMethods.IsPost(context.Request.Method) && rest.Value?.EndsWith("/negotiate", StringComparison.Ordinal) == true)
        {
            await switches.DelayAsync(DelayedStep.Negotiate, context.RequestAborted);
            await next(context);
        }
        else if (HttpMethods.IsGet(context.Request.Method))
        {
            if (IsWebSocket(context))
            {
                await switches.DelayAsync(DelayedStep.Upgrade, context.RequestAborted);
            }
            else if (!ResponseKinds.WantsEventStream(context.Request))
            {
                await switches.DelayAsync(DelayedStep.Polls, context.RequestAborted);
            }

            using var carrying = transports.Enter(context, context.Request.Query["id"].FirstOrDefault() ?? "");
            await next(context);
        }
        else
        {
            if (HttpMethods.IsPost(context.Request.Method))
            {
                await switches.DelayAsync(DelayedStep.Posts, context.RequestAborted);
            }

            await next(context);
        }
    }

    private void Count(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (Verdict.Of(context) is not null)
        {
            // Whoever refused it has counted it.
        }
        else if (response.StatusCode == StatusCodes.Status401Unauthorized)
        {
            // Only the stock endpoint: ASP.NET itself says no, and not why. Nor is it a guess at a token: a browser comes without one to
            // ask for a WebSocket here.
            counters.AuthFailures.Add();
            log.Note(Doorkeeper.NoteOf(context, SecurityEventType.AuthenticationFailed));
        }
        else if (ResponseKinds.IsUpgrade(response))
        {
            counters.WebSocketUpgrades.Add();
        }
        else if (ResponseKinds.IsEventStream(response))
        {
            counters.SseStreams.Add();
        }
        else if (HttpMethods.IsPost(request.Method) && request.Path.Value?.EndsWith("/negotiate", StringComparison.Ordinal) == true)
        {
            counters.Negotiates.Add();
        }
        else if (HttpMethods.IsGet(request.Method) && !IsWebSocket(context) && response.StatusCode is StatusCodes.Status200OK or StatusCodes.Status204NoContent)
        {
            counters.LongPolls.Add();
        }
    }

    private static bool IsWebSocket(HttpContext context) =>
        string.Equals(context.Request.Headers.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase);
}

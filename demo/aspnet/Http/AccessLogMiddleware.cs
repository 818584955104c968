using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace HubshareDemo.Http;

/// <summary>Logs each request when it has been answered; a WebSocket or an event stream, which may last for hours, when it opens.</summary>
public sealed class AccessLogMiddleware(RequestDelegate next, AccessLog log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        var rawTarget = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "-";
        var logged = 0;
        CountingBodyFeature? body = null;

        void LogOnce(string status)
        {
            if (Interlocked.Exchange(ref logged, 1) == 0)
            {
                log.Write(context, rawTarget, status, Stopwatch.GetElapsedTime(started), body?.Bytes ?? 0);
            }
        }

        context.Response.OnStarting(() =>
        {
            if (ResponseKinds.IsLongLived(context.Response))
            {
                LogOnce(Status(context));
            }

            return Task.CompletedTask;
        });

        if (context.Features.Get<IHttpResponseBodyFeature>() is { } inner)
        {
            body = new CountingBodyFeature(inner);
            context.Features.Set<IHttpResponseBodyFeature>(body);
        }

        try
        {
            await next(context);
            // The answer may still sit in a buffer: the line is there before the client can know the answer.
            LogOnce(context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted ? "aborted" : Status(context));
        }
        finally
        {
            LogOnce(context.Response.HasStarted ? Status(context) : context.RequestAborted.IsCancellationRequested ? "aborted" : "500");
            if (body is not null)
            {
                context.Features.Set(body.Inner);
            }
        }
    }

    /// <summary>Also where a WebSocket is accepted only to be closed: the log tells what became of the request.</summary>
    private static string Status(HttpContext context) => (Verdict.Of(context)?.Status ?? context.Response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
}

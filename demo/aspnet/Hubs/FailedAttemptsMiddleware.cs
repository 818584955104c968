using System.Globalization;
using HubshareDemo.Http;
using HubshareDemo.Security;

namespace HubshareDemo.Hubs;

/// <summary>Turns away, before any token is looked at, an address from which too many tokens were refused.</summary>
public sealed class FailedAttemptsMiddleware(RequestDelegate next, FailedAttempts attempts, HubPools pools)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/hubs")
            || attempts.SecondsToWait(ClientAddress.KeyOf(context)) is not { } seconds
            // Others behind the same address must not lose what they have: a connection that is up may go on to prove who it is.
            || pools.FindByToken(context.Request.Query["id"].FirstOrDefault()) is not null)
        {
            return next(context);
        }

        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return ErrorBody.WriteAsync(
            context,
            StatusCodes.Status429TooManyRequests,
            "TOO_MANY_ATTEMPTS",
            $"Too many failed attempts came from this address: try again in {seconds} s.");
    }
}

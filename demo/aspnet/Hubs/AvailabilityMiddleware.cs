using System.Globalization;
using HubshareDemo.Admin;
using HubshareDemo.Http;

namespace HubshareDemo.Hubs;

/// <summary>Refuses negotiate with 503 and `Retry-After` while an admin call wants it so; nothing behind it sees the request.</summary>
public sealed class AvailabilityMiddleware(RequestDelegate next, Availability availability, Counters counters)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (availability.RetryAfterSeconds is not { } seconds || !IsNegotiate(context.Request))
        {
            return next(context);
        }

        counters.NegotiatesRefused.Add();
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return ErrorBody.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", $"The hub takes no new connections for {seconds} s.");
    }

    private static bool IsNegotiate(HttpRequest request) =>
        HttpMethods.IsPost(request.Method)
        && request.Path.StartsWithSegments("/hubs", out var rest)
        && rest.Value?.EndsWith("/negotiate", StringComparison.Ordinal) == true;
}

using System.Net;
using HubshareDemo.Http;

namespace HubshareDemo.Admin;

/// <summary>Admin calls come from this machine and carry a header that no web page of another origin can set without being asked first.</summary>
public sealed class AdminGuard : IEndpointFilter
{
    private const string HeaderName = "X-Demo-Admin";

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var isLocal = http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);
        if (isLocal && http.Request.Headers[HeaderName] == "1")
        {
            return await next(context);
        }

        return Results.Json(new ErrorBody("ADMIN_ONLY", $"Admin calls come from this machine with the header {HeaderName}: 1."), statusCode: StatusCodes.Status403Forbidden);
    }
}

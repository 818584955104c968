using HubshareDemo.Http;

namespace HubshareDemo.Hubs;

/// <summary>Keeps a live connection with the user it began with.</summary>
public sealed class SameUserMiddleware(RequestDelegate next, ConnectionOwners owners)
{
    public Task InvokeAsync(HttpContext context) =>
        !context.Request.Path.StartsWithSegments("/hubs") || owners.Admits(context)
            ? next(context)
            : ErrorBody.WriteAsync(context, StatusCodes.Status403Forbidden, "AUTH_FAILED", "This connection belongs to another user.");
}

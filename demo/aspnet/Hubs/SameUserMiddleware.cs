using HubshareDemo.Auth;
using HubshareDemo.Http;

namespace HubshareDemo.Hubs;

/// <summary>
/// Keeps a live connection with the user it began with. ASP.NET Core 10.0.12 itself takes a good token of anyone who knows the
/// connection token: a stateful reconnect as another user is granted, and the old user's connection lives on under the new expiry.
/// </summary>
public sealed class SameUserMiddleware(RequestDelegate next, ConnectionRegistry registry)
{
    public Task InvokeAsync(HttpContext context)
    {
        var connectionToken = context.Request.Path.StartsWithSegments("/hubs") ? context.Request.Query["id"].FirstOrDefault() : null;
        var owner = connectionToken is null ? null : registry.FindByToken(connectionToken);
        return owner is null || owner.User == TokenClaims.UserIdOf(context.User)
            ? next(context)
            : ErrorBody.WriteAsync(context, StatusCodes.Status403Forbidden, "AUTH_FAILED", "This connection belongs to another user.");
    }
}

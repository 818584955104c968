using HubshareDemo.Auth;
using HubshareDemo.Http;

namespace HubshareDemo.Hubs;

/// <summary>
/// Keeps a live connection with the user and at the endpoint that it began with. ASP.NET Core 10.0.12 serves a connection at every
/// hub's address: who may no longer open a hub could go on to call it by way of another one.
/// </summary>
public sealed class SameUserMiddleware(RequestDelegate next, ConnectionOwners owners, HubPools pools, Doorkeeper doorkeeper)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/hubs"))
        {
            return next(context);
        }

        if (!owners.Admits(context))
        {
            return doorkeeper.RefuseAsync(context, Refusal.AnothersConnection);
        }

        var isElsewhere = pools.FindByToken(context.Request.Query["id"].FirstOrDefault()) is { } entry && context.Request.Path != entry.Path;
        return isElsewhere
            ? ErrorBody.WriteAsync(context, StatusCodes.Status404NotFound, "UNKNOWN_CONNECTION", "No Connection with that ID")
            : next(context);
    }
}

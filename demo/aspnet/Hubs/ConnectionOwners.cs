using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>
/// Remembers the user that each live connection began with. ASP.NET Core 10.0.12 itself takes a good token of anyone who knows the
/// connection token: a stateful reconnect as another user is granted, and the old user's connection lives on under the new expiry.
/// </summary>
/// <param name="userOf">Reads the user's id from a principal.</param>
public sealed class ConnectionOwners(Func<ClaimsPrincipal?, string?> userOf) : IHubFilter
{
    private readonly ConcurrentDictionary<string, string?> owners = new();

    /// <returns>False when the request is for a live connection of another user.</returns>
    public bool Admits(HttpContext context) =>
        !owners.TryGetValue(context.Request.Query["id"].FirstOrDefault() ?? "", out var owner) || owner == userOf(context.User);

    public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        // Kept, for at its end a connection may have no request any more. Without negotiation it has no id, and nobody can come back to it.
        var connectionToken = context.Context.GetHttpContext()?.Request.Query["id"].FirstOrDefault() ?? "";
        context.Context.Items[this] = connectionToken;
        try
        {
            if (connectionToken != "")
            {
                owners[connectionToken] = userOf(context.Context.User);
            }

            await next(context);
        }
        catch
        {
            // A connection that could not begin is not told its end.
            owners.TryRemove(connectionToken, out _);
            throw;
        }
    }

    public Task OnDisconnectedAsync(HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
    {
        owners.TryRemove(context.Context.Items[this] as string ?? "", out _);
        return next(context, exception);
    }
}

using HubshareDemo.Auth;
using HubshareDemo.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>
/// Base of every hub: no connection without a user, a group of all devices of each user, a newer token for a live connection, and a note
/// at both ends of each. Notes name user and connection, never a token.
/// </summary>
[Authorize]
public abstract partial class SecureHub(SecureHubServices services) : Hub
{
    protected string UserId => Context.UserIdentifier ?? throw new HubException("This connection has no user");

    /// <summary>Whether only administrators may be here.</summary>
    protected virtual bool IsForAdmins => false;

    /// <summary>The caller's connection.</summary>
    protected ConnectionEntry Connection =>
        services.Pools.Find(Context.ConnectionId) ?? throw new HubException("This connection has ended");

    public override async Task OnConnectedAsync()
    {
        if (string.IsNullOrEmpty(Context.UserIdentifier))
        {
            Context.Abort();
            return;
        }

        LogConnected(Context.ConnectionId, Context.UserIdentifier);
        services.Log.Note(Connection.Note(SecurityEventType.Connected));
        await base.OnConnectedAsync();
        await Groups.AddToGroupAsync(Context.ConnectionId, HubGroups.OfUser(UserId));
        await Clients.Caller.SendAsync("connection.authorized", new
        {
            userId = UserId,
            sessionId = Context.ConnectionId,
            expiresAt = TokenClaims.ExpiresAtMs(Context.User),
            reauth = "cut",
        });
        await OnAuthorizedAsync();
    }

    public override async Task OnDisconnectedAsync(Exception? exception)
    {
        LogDisconnected(Context.ConnectionId, Context.UserIdentifier, exception is not null);
        if (services.Pools.Find(Context.ConnectionId) is { } entry)
        {
            services.Log.Note(entry.Note(SecurityEventType.Disconnected));
        }

        await base.OnDisconnectedAsync(exception);
    }

    /// <summary>Goes on with a newer token on the same connection.</summary>
    [HubMethodName(Reauthentication.Method)]
    [RenewsToken]
    public async Task<object> Reauthenticate(string? token) =>
        new { expiresAt = await services.Reauthentication.RenewAsync(Connection, token, IsForAdmins) };

    /// <summary>
    /// Drops the transport as a broken network would, without a goodbye. With stateful reconnect the client comes back to this same
    /// connection, with its newest token, and nothing is lost: the way to renew a token on ASP.NET Core 8 to 10. Call it with `send`.
    /// </summary>
    [HubMethodName("connection.cut")]
    [RenewsToken]
    public void Cut() => Context.GetHttpContext()?.Abort();

    /// <summary>The connection is up, its user is known and has been told so.</summary>
    protected virtual Task OnAuthorizedAsync() => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "Connection {ConnectionId} of {User} is up")]
    private partial void LogConnected(string connectionId, string user);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connection {ConnectionId} of {User} has ended; by an error: {ByError}")]
    private partial void LogDisconnected(string connectionId, string? user, bool byError);

    private readonly ILogger logger = services.Logger;
}

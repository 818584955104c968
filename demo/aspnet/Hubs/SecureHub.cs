using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>Base of every hub: no connection without a user, and a log line at both ends of each. The log names user and connection, never a token.</summary>
[Authorize]
public abstract partial class SecureHub(ILogger logger) : Hub
{
    protected string UserId => Context.UserIdentifier ?? throw new HubException("This connection has no user");

    public override async Task OnConnectedAsync()
    {
        if (string.IsNullOrEmpty(Context.UserIdentifier))
        {
            Context.Abort();
            return;
        }

        LogConnected(Context.ConnectionId, Context.UserIdentifier);
        await base.OnConnectedAsync();
        await OnAuthorizedAsync();
    }

    public override async Task OnDisconnectedAsync(Exception? exception)
    {
        LogDisconnected(Context.ConnectionId, Context.UserIdentifier, exception is not null);
        await base.OnDisconnectedAsync(exception);
    }

    /// <summary>The connection is up and its user is known.</summary>
    protected abstract Task OnAuthorizedAsync();

    [LoggerMessage(Level = LogLevel.Information, Message = "Connection {ConnectionId} of {User} is up")]
    private partial void LogConnected(string connectionId, string user);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connection {ConnectionId} of {User} has ended; by an error: {ByError}")]
    private partial void LogDisconnected(string connectionId, string? user, bool byError);

    private readonly ILogger logger = logger;
}

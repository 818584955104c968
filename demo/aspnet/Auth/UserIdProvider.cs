using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Auth;

/// <summary>Tells SignalR which user a connection belongs to; its default looks for a claim that only exists when inbound claims are mapped.</summary>
public sealed class UserIdProvider : IUserIdProvider
{
    public string? GetUserId(HubConnectionContext connection) => TokenClaims.UserIdOf(connection.User);
}

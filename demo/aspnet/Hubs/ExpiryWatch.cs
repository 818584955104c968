using HubshareDemo.Admin;
using HubshareDemo.Auth;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>
/// Warns each connection once before its token expires, and notices when a connection has come back with another token. Closing at
/// expiry is not done here: that is ASP.NET's own CloseOnAuthenticationExpiration.
/// </summary>
public sealed class ExpiryWatch(ConnectionRegistry registry, IHubContext<OpsHub> hub, Counters counters) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestLead = TimeSpan.FromMinutes(5);
    private const double ShareOfLife = 0.2;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            foreach (var entry in registry.All)
            {
                NoticeNewToken(entry);
                WarnWhenDue(entry, now);
            }
        }
    }

    /// <summary>A stateful reconnect and every long poll authenticate anew and replace the connection's user.</summary>
    private void NoticeNewToken(ConnectionEntry entry)
    {
        // `Connection.User` keeps the first user for ever; the feature follows the transport.
        var principal = entry.Connection.Features.Get<IConnectionUserFeature>()?.User;
        if (ReferenceEquals(principal, entry.Expiry.Principal))
        {
            return;
        }

        entry.Expiry.Principal = principal;
        var tokenId = TokenClaims.TokenIdOf(principal);
        if (tokenId is not null && tokenId != entry.Expiry.TokenId)
        {
            entry.Expiry.TokenId = tokenId;
            counters.Reauths.Add();
        }
    }

    private void WarnWhenDue(ConnectionEntry entry, long now)
    {
        var user = entry.Expiry.Principal;
        if (entry.Expiry.WarnedTokenId == entry.Expiry.TokenId || TokenClaims.ExpiresAtMs(user) is not { } expiresAt)
        {
            return;
        }

        var life = expiresAt - (TokenClaims.IssuedAtMs(user) ?? now);
        if (now >= expiresAt - Math.Min(LongestLead.TotalMilliseconds, ShareOfLife * life))
        {
            entry.Expiry.WarnedTokenId = entry.Expiry.TokenId;
            _ = hub.Clients.Client(entry.Id).SendAsync("token.expiring", new { expiresAt });
        }
    }
}

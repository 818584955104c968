using HubshareDemo.Admin;
using HubshareDemo.Auth;
using Microsoft.AspNetCore.Connections.Features;

namespace HubshareDemo.Hubs;

/// <summary>
/// Warns each connection once before its token expires, closes it when that has happened, and notices when it has come back with another
/// token. ASP.NET's own CloseOnAuthenticationExpiration knows nothing of a token that a call has brought.
/// </summary>
public sealed class ExpiryWatch(HubPools pools, ConnectionCutter cutter, DemoOptions options, Counters counters) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestLead = TimeSpan.FromMinutes(5);
    private const double ShareOfLife = 0.2;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var entry in pools.AllConnections)
            {
                await LookAtAsync(entry, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            }
        }
    }

    private async Task LookAtAsync(ConnectionEntry entry, long now)
    {
        // `Connection.User` keeps the first user for ever; the feature follows the transport.
        if (entry.Token.Notice(entry.Connection.Features.Get<IConnectionUserFeature>()?.User))
        {
            counters.Reauths.Add();
        }

        var user = entry.Token.Principal;
        if (TokenClaims.ExpiresAtMs(user) is not { } expiresAt)
        {
            return;
        }

        var life = expiresAt - (TokenClaims.IssuedAtMs(user) ?? now);
        if (now >= expiresAt - Math.Min(LongestLead.TotalMilliseconds, ShareOfLife * life) && entry.Token.BeginWarning())
        {
            _ = entry.SendAsync("token.expiring", new { expiresAt });
        }

        var isOver = now >= expiresAt + options.ClockTolerance.TotalMilliseconds;
        // The stock endpoint has ASP.NET's own way.
        if (isOver && options.CloseOnExpiry && entry.Path != HubEndpoints.Stock && entry.BeginClosing())
        {
            await cutter.CutAsync(entry, CutStyle.CloseReconnect, null);
        }
    }
}

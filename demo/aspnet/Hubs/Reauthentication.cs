using HubshareDemo.Admin;
using HubshareDemo.Auth;
using HubshareDemo.Security;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>Gives a live connection a newer token of the same user; a connection that offers too many bad ones is closed.</summary>
public sealed class Reauthentication(AccessTokenCheck check, DemoOptions options, ConnectionCutter cutter, Counters counters, SecurityLog log)
{
    public const string Method = "connection.reauth";

    /// <param name="entry">The caller's connection.</param>
    /// <param name="token">The newer token.</param>
    /// <param name="needsAdmin">The hub is for administrators.</param>
    /// <returns>When the token expires, in milliseconds since the epoch.</returns>
    /// <exception cref="HubException">The token is not good; the connection goes on with the one that it has.</exception>
    public async Task<long> RenewAsync(ConnectionEntry entry, string? token, bool needsAdmin)
    {
        try
        {
            var principal = await check.CheckAsync(token);
            if (TokenClaims.UserIdOf(principal) != entry.User)
            {
                throw new RefusalException(Refusal.AnothersToken);
            }

            if (needsAdmin && !TokenClaims.IsAdmin(principal))
            {
                throw new RefusalException(Refusal.NotAdmin);
            }

            entry.Token.Adopt(principal);
            counters.Reauths.Add();
            return TokenClaims.ExpiresAtMs(principal) ?? 0;
        }
        catch (RefusalException error)
        {
            counters.AuthFailures.Add();
            log.Note(entry.Note(SecurityEventType.AuthenticationFailed) with { Code = error.Refusal.Code, Method = Method });
            if (entry.CountBadToken() >= options.FailedAttempts)
            {
                await cutter.CutAsync(entry, CutStyle.CloseReconnect, "Connection closed with an error.");
            }

            throw new HubException(error.Refusal.ToString());
        }
    }
}

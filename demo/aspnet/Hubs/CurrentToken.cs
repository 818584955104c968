using System.Security.Claims;
using HubshareDemo.Auth;

namespace HubshareDemo.Hubs;

/// <summary>What a connection's newest token says. `HubCallerContext.User` keeps the first one for ever.</summary>
public sealed class CurrentToken(ClaimsPrincipal first)
{
    private readonly Lock gate = new();
    private ClaimsPrincipal principal = first;
    private ClaimsPrincipal? carried = first;
    private string? carriedTokenId = TokenClaims.TokenIdOf(first);
    private string? warnedTokenId;

    public ClaimsPrincipal Principal
    {
        get
        {
            lock (gate)
            {
                return principal;
            }
        }
    }

    /// <summary>A token that a call has brought and that was checked.</summary>
    public void Adopt(ClaimsPrincipal newer)
    {
        lock (gate)
        {
            principal = newer;
        }
    }

    /// <summary>A stateful reconnect and every long poll authenticate anew; call it with what the transport has now.</summary>
    /// <returns>Whether that is another token than the transport had before.</returns>
    public bool Notice(ClaimsPrincipal? transport)
    {
        lock (gate)
        {
            if (transport is null || ReferenceEquals(transport, carried))
            {
                return false;
            }

            carried = transport;
            var tokenId = TokenClaims.TokenIdOf(transport);
            if (tokenId is null || tokenId == carriedTokenId)
            {
                return false;
            }

            carriedTokenId = tokenId;
            // A poll may still bring the token that a call has replaced meanwhile, and a call may have brought this one first.
            principal = transport;
            return true;
        }
    }

    /// <returns>True once for each token.</returns>
    public bool BeginWarning()
    {
        lock (gate)
        {
            var tokenId = TokenClaims.TokenIdOf(principal);
            var isFirst = warnedTokenId is null || warnedTokenId != tokenId;
            warnedTokenId = tokenId;
            return isFirst;
        }
    }
}

using HubshareDemo.Auth;
using HubshareDemo.Security;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>Lets nobody in and nothing run whose user is blocked, and runs nothing for a token that has expired.</summary>
public sealed class AccountFilter(Accounts accounts, HubPools pools, DemoOptions options) : IHubFilter
{
    public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        // The door has looked already; but to come in takes time, in which an administrator may have changed their mind.
        accounts.Check(context.Context.UserIdentifier ?? "");
        return next(context);
    }

    public ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var caller = invocationContext.Context;
        if (accounts.IsBlocked(caller.UserIdentifier ?? ""))
        {
            throw new HubException(Refusal.Blocked.ToString());
        }

        var renews = invocationContext.HubMethod.IsDefined(typeof(RenewsTokenAttribute), inherit: true);
        var expiresAt = TokenClaims.ExpiresAtMs(pools.Find(caller.ConnectionId)?.Token.Principal ?? caller.User);
        if (!renews && expiresAt + options.ClockTolerance.TotalMilliseconds <= DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())
        {
            throw new HubException(Refusal.TokenExpired.ToString());
        }

        return next(invocationContext);
    }
}

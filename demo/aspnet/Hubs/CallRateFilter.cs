using HubshareDemo.Security;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>
/// Refuses calls of a user who calls too often, and tells the client once a second that it does. SignalR asks its filters about methods
/// that exist only: calls of others cost nothing here, and run nothing.
/// </summary>
public sealed class CallRateFilter(CallRate rate, HubPools pools, SecurityLog log) : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var caller = invocationContext.Context;
        // Bad tokens have a limit of their own.
        if (invocationContext.HubMethod.IsDefined(typeof(RenewsTokenAttribute), inherit: true) || rate.Take(caller.UserIdentifier ?? "") is not { } refused)
        {
            return await next(invocationContext);
        }

        if (refused.Warn && pools.Find(caller.ConnectionId) is { } entry)
        {
            // Who calls with `send` gets no answer: only this event tells that calls are dropped.
            _ = entry.SendAsync("rate.warning", new { limit = refused.Limit, windowMs = CallRate.WindowMs, retryAfterMs = refused.RetryAfterMs });
            log.Note(entry.Note(SecurityEventType.RateLimited));
        }

        throw new HubException($"RATE_LIMITED: More than {refused.Limit} calls in a second. Try again in {refused.RetryAfterMs} ms.");
    }
}

using HubshareDemo.Admin;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>
/// Counts the calls in progress, holds each one back for as long as an admin call has asked, and lets its result leave only after the
/// events that the method has caused: a caller sees the change before it hears that its call is done.
/// </summary>
public sealed partial class CallFilter(Switches switches, Counters counters, ConnectionRegistry registry, ILogger<CallFilter> logger) : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        counters.InvocationsPending.Add();
        try
        {
            await switches.DelayAsync(DelayedStep.Calls, invocationContext.Context.ConnectionAborted);
            return await next(invocationContext);
        }
        catch (Exception error) when (error is not (HubException or OperationCanceledException))
        {
            LogUnexpected(error, invocationContext.HubMethodName);
            throw;
        }
        finally
        {
            await (registry.Find(invocationContext.Context.ConnectionId)?.FlushAsync() ?? Task.CompletedTask);
            counters.InvocationsPending.Add(-1);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} failed unexpectedly")]
    private partial void LogUnexpected(Exception error, string method);

    private readonly ILogger logger = logger;
}

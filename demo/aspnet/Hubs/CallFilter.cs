using HubshareDemo.Admin;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>
/// Counts the calls in progress and the streams that belong to them, holds each call back for as long as an admin call has asked, and
/// lets its result leave only after the events that the method has caused: a caller sees the change before it hears that its call is done.
/// </summary>
public sealed partial class CallFilter(Switches switches, Counters counters, HubPools pools, ILogger<CallFilter> logger) : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var open = new List<IDisposable> { counters.InvocationsPending.Open() };
        var watched = WatchUploads(invocationContext, open);
        object? stream = null;
        try
        {
            await switches.DelayAsync(DelayedStep.Calls, invocationContext.Context.ConnectionAborted);
            var result = await next(watched);
            stream = WatchStream(result, invocationContext, open);
            return stream ?? result;
        }
        catch (Exception error) when (IsUnexpected(error, invocationContext.Context))
        {
            LogUnexpected(error, invocationContext.HubMethodName);
            throw;
        }
        finally
        {
            await (pools.Find(invocationContext.Context.ConnectionId)?.FlushAsync() ?? Task.CompletedTask);
            // A method that streams returns before its first item: it is over when its stream is.
            if (stream is null)
            {
                open.ForEach(one => one.Dispose());
            }
        }
    }

    /// <summary>
    /// SignalR takes items for an upload until the client ends it or the method is over, and so does the count; an end that
    /// the method has not read yet is not seen here.
    /// </summary>
    private HubInvocationContext WatchUploads(HubInvocationContext call, List<IDisposable> open)
    {
        object?[] arguments = [.. call.HubMethodArguments];
        var uploads = 0;
        for (var i = 0; i < arguments.Length; i++)
        {
            var upload = default(IDisposable);
            if (StreamWatch.From(arguments[i], _ => upload?.Dispose()) is { } watched)
            {
                upload = counters.UploadsOpen.Open();
                open.Add(upload);
                arguments[i] = watched;
                uploads++;
            }
        }

        // SignalR finds the method of a context that it did not make by the name in C#, which need not be its name on the hub.
        return uploads == 0 ? call : new HubInvocationContext(call.Context, call.ServiceProvider, call.Hub, call.HubMethod, arguments);
    }

    private object? WatchStream(object? result, HubInvocationContext call, List<IDisposable> open)
    {
        var stream = StreamWatch.From(result, error =>
        {
            open.ForEach(one => one.Dispose());
            if (error is not null && IsUnexpected(error, call.Context))
            {
                LogUnexpected(error, call.HubMethodName);
            }
        });
        if (stream is not null)
        {
            open.Add(counters.StreamsOpen.Open());
        }

        return stream;
    }

    /// <summary>A HubException is an answer, and what waits for a client that has gone fails in one way or another.</summary>
    private static bool IsUnexpected(Exception error, HubCallerContext caller) =>
        error is not (HubException or OperationCanceledException) && !caller.ConnectionAborted.IsCancellationRequested;

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} failed unexpectedly")]
    private partial void LogUnexpected(Exception error, string method);

    private readonly ILogger logger = logger;
}

using System.Diagnostics;
using HubshareDemo.Hubs;
using HubshareDemo.Metrics;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Admin;

/// <summary>Sends numbered test traffic to all connections, or as values of metrics: the hub-wide running number shows every loss, double and disorder.</summary>
public sealed class SequenceSender(IHubContext<OpsHub> hub, IHostApplicationLifetime lifetime)
{
    private readonly Lock gate = new();
    private CancellationTokenSource? running;
    private long last;

    public long Last => Interlocked.Read(ref last);

    public bool IsRunning
    {
        get
        {
            lock (gate)
            {
                return running is not null;
            }
        }
    }

    /// <returns>Null when one is running already.</returns>
    public SequenceRun? Start(SequenceOrder order)
    {
        lock (gate)
        {
            if (running is not null)
            {
                return null;
            }

            running = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping);
            var run = new SequenceRun(last + 1, order.Count == 0 ? null : last + order.Count);
            _ = RunAsync(order, run, running);
            return run;
        }
    }

    /// <returns>The last number that was sent; none follows.</returns>
    public long Stop()
    {
        lock (gate)
        {
            running?.Cancel();
            running = null;
            return last;
        }
    }

    private async Task RunAsync(SequenceOrder order, SequenceRun run, CancellationTokenSource own)
    {
        var padding = order.PaddingBytes > 0 ? new string('x', order.PaddingBytes) : null;
        var started = Stopwatch.GetTimestamp();
        try
        {
            for (var burst = 1L; ; burst++)
            {
                // By the schedule and not by the last delay, so that the rate holds although a timer is never early.
                var due = TimeSpan.FromMilliseconds(burst * order.EveryMs) - Stopwatch.GetElapsedTime(started);
                if (due > TimeSpan.Zero)
                {
                    await Task.Delay(due, own.Token);
                }
                else
                {
                    await Task.Yield();
                }

                if (!SendBurst(order, run, padding, own))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
        finally
        {
            own.Dispose();
        }
    }

    /// <returns>False when it was the last one.</returns>
    private bool SendBurst(SequenceOrder order, SequenceRun run, string? padding, CancellationTokenSource own)
    {
        lock (gate)
        {
            if (running != own)
            {
                return false;
            }

            for (var sent = 0; sent < order.Burst && (run.To is null || last < run.To); sent++)
            {
                var number = Interlocked.Increment(ref last);
                _ = order.Metrics.Count > 0
                    ? SendValueAsync(order.Metrics[(int)((number - 1) % order.Metrics.Count)], number, padding)
                    : hub.Clients.All.SendCoreAsync(order.Event, padding is null ? [number] : [number, padding], CancellationToken.None);
            }

            if (run.To is not null && last >= run.To)
            {
                running = null;
                return false;
            }

            return true;
        }
    }

    private Task SendValueAsync(string name, long number, string? padding)
    {
        var atMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        object value = padding is null ? new { name, value = number, unit = "count", atMs } : new { name, value = number, unit = "count", atMs, padding };
        return hub.Clients.Group(MetricNames.GroupOf(name)).SendCoreAsync("metric", [value], CancellationToken.None);
    }
}

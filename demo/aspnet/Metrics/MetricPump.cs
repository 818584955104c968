using System.Globalization;
using HubshareDemo.Admin;
using HubshareDemo.Hubs;
using HubshareDemo.Incidents;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Metrics;

/// <summary>Measures machine and hub at a steady pace, pushes each value to those who have joined its metric, and raises an incident when one is out of bounds.</summary>
public sealed class MetricPump(
    DemoOptions options,
    IHostProbe host,
    SchedulingDelay delay,
    MetricHistory history,
    ConnectionRegistry registry,
    Counters counters,
    IncidentBoard incidents,
    IHubContext<OpsHub> hub) : BackgroundService
{
    private readonly IncidentAlarm delayAlarm = new(incidents, value => $"Thread pool delayed by {value:F0} ms (p99)", "warning", 50);
    private readonly IncidentAlarm memoryAlarm = new(incidents, value => $"Memory of the host is {value:P0} full", "critical", 0.8);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.MetricInterval);
        var before = (Sent: counters.MessagesSent.Value, At: TimeProvider.System.GetTimestamp());
        delay.TakeP99();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = (Sent: counters.MessagesSent.Value, At: TimeProvider.System.GetTimestamp());
            var perSecond = (now.Sent - before.Sent) / TimeProvider.System.GetElapsedTime(before.At, now.At).TotalSeconds;
            before = now;
            var sample = host.Sample();
            var p99 = delay.TakeP99();
            foreach (var metric in Describe(sample, p99, perSecond))
            {
                history.Add(metric);
                await hub.Clients.Group(MetricNames.GroupOf(metric.Name)).SendAsync("metric", metric, stoppingToken);
            }

            delayAlarm.Observe(p99);
            memoryAlarm.Observe(sample.MemoryUsed / sample.MemoryTotal);
        }
    }

    private IEnumerable<Metric> Describe(HostSample sample, double p99, double perSecond)
    {
        var at = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        for (var core = 0; core < sample.CpuPercent.Count; core++)
        {
            yield return new Metric(string.Create(CultureInfo.InvariantCulture, $"cpu.{core}"), Math.Round(sample.CpuPercent[core], 1), "percent", at);
        }

        yield return new Metric("memory.used", sample.MemoryUsed, "bytes", at);
        yield return new Metric("memory.total", sample.MemoryTotal, "bytes", at);
        if (sample.Load1 is { } load)
        {
            yield return new Metric("load.1", load, "tasks", at);
        }

        yield return new Metric("loop.delay.p99", Math.Round(p99, 2), "ms", at);
        yield return new Metric("hub.connections", registry.Count, "connections", at);
        yield return new Metric("hub.messages", Math.Round(perSecond, 1), "messages/s", at);
    }
}

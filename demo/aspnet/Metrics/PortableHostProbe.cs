using System.Diagnostics;

namespace HubshareDemo.Metrics;

/// <summary>Where there is no /proc: this process's share of all cores as `cpu.0`, memory as the runtime sees it, no load average.</summary>
public sealed class PortableHostProbe : IHostProbe
{
    private long previousTimestamp = Stopwatch.GetTimestamp();
    private TimeSpan previousCpu = ProcessorTime();

    public HostSample Sample()
    {
        var timestamp = Stopwatch.GetTimestamp();
        var cpu = ProcessorTime();
        var elapsed = Stopwatch.GetElapsedTime(previousTimestamp, timestamp) * Environment.ProcessorCount;
        var percent = elapsed > TimeSpan.Zero ? Math.Clamp(100 * ((cpu - previousCpu) / elapsed), 0, 100) : 0;
        (previousTimestamp, previousCpu) = (timestamp, cpu);

        var memory = GC.GetGCMemoryInfo();
        return new HostSample([percent], memory.MemoryLoadBytes, memory.TotalAvailableMemoryBytes, null);
    }

    private static TimeSpan ProcessorTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}

using System.Globalization;

namespace HubshareDemo.Metrics;

/// <summary>Reads the kernel's own figures from /proc.</summary>
public sealed class LinuxHostProbe : IHostProbe
{
    private (long Busy, long Total)[] previous = ReadCores();

    public static bool IsAvailable => File.Exists("/proc/stat") && File.Exists("/proc/meminfo") && File.Exists("/proc/loadavg");

    public HostSample Sample()
    {
        var cores = ReadCores();
        // The number of cores can change on a running machine; a core without a past has nothing to compare with yet.
        var cpu = cores.Select((core, i) => i < previous.Length ? Percent(previous[i], core) : 0).ToList();
        previous = cores;

        var memory = File.ReadLines("/proc/meminfo")
            .Select(line => line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[0], words => double.Parse(words[1], CultureInfo.InvariantCulture) * 1024);
        var total = memory["MemTotal"];
        var available = memory.TryGetValue("MemAvailable", out var value) ? value : memory["MemFree"];

        var load = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
        return new HostSample(cpu, total - available, total, load);
    }

    private static double Percent((long Busy, long Total) before, (long Busy, long Total) now)
    {
        var total = now.Total - before.Total;
        return total <= 0 ? 0 : Math.Clamp(100.0 * (now.Busy - before.Busy) / total, 0, 100);
    }

    /// <summary>Lines `cpuN user nice system idle iowait irq softirq steal …`; idle and iowait are not busy, guest time is already in user.</summary>
    private static (long Busy, long Total)[] ReadCores() =>
    [
        .. File.ReadLines("/proc/stat")
            .Where(line => line.StartsWith("cpu", StringComparison.Ordinal) && line.Length > 3 && char.IsAsciiDigit(line[3]))
            .Select(line =>
            {
                var ticks = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray();
                var total = ticks.Sum();
                return (total - ticks[3] - ticks[4], total);
            }),
    ];
}

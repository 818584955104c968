namespace HubshareDemo.Metrics;

/// <summary>What was measured of the machine: busy share per core in percent, memory in bytes, and the load average where there is one.</summary>
public sealed record HostSample(IReadOnlyList<double> CpuPercent, double MemoryUsed, double MemoryTotal, double? Load1);

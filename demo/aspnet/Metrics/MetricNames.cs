using System.Globalization;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Metrics;

/// <summary>Which metrics a client can join: those that are measured, and, for tests, every name that begins with `test.`.</summary>
public static class MetricNames
{
    private const int MaxLength = 100;

    /// <summary>Of these the hub measures nothing: all values come from an admin call, so that a test knows each one.</summary>
    private const string ForTests = "test.";

    /// <summary>A name that no client may join, also for tests.</summary>
    private const string Denied = "denied";

    private static readonly HashSet<string> Measured =
    [
        .. Enumerable.Range(0, Environment.ProcessorCount).Select(core => string.Create(CultureInfo.InvariantCulture, $"cpu.{core}")),
        "memory.used",
        "memory.total",
        "load.1",
        "loop.delay.p99",
        "hub.connections",
        "hub.messages",
    ];

    public static IReadOnlyCollection<string> All => Measured;

    public static bool IsKnown(string? name) =>
        name is not null && (Measured.Contains(name) || (name.StartsWith(ForTests, StringComparison.Ordinal) && name.Length <= MaxLength));

    /// <summary>The group of those who get the values of a metric that is known.</summary>
    public static string GroupOf(string name) => $"metric:{name}";

    /// <exception cref="HubException">There is no such metric, or nobody may join it.</exception>
    public static string JoinableGroupOf(string? name)
    {
        var shown = name is { Length: > MaxLength } ? name[..MaxLength] : name;
        if (name?.StartsWith(Denied, StringComparison.Ordinal) == true)
        {
            throw new HubException($"You may not join the metric {shown}");
        }

        return name is not null && IsKnown(name) ? GroupOf(name) : throw new HubException($"No metric with the name {shown}");
    }
}

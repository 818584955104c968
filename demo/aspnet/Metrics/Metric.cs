namespace HubshareDemo.Metrics;

/// <summary>One measured value, as it is pushed to clients.</summary>
public sealed record Metric(string Name, double Value, string Unit, long AtMs);

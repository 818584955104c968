namespace HubshareDemo.Metrics;

/// <summary>One value in the history of a metric.</summary>
public sealed record MetricPoint(long AtMs, double Value);

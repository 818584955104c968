namespace HubshareDemo.Incidents;

/// <summary>Something that needs a human, as clients see it.</summary>
public sealed record Incident(
    string Id,
    string Title,
    string Severity,
    string State,
    string RaisedBy,
    long RaisedAtMs,
    string? AcknowledgedBy,
    string? ClosedBy,
    long ChangedAtMs)
{
    public const string Open = "open";
    public const string Acknowledged = "acknowledged";
    public const string Closed = "closed";
}

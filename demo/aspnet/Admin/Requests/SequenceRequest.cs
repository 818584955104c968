namespace HubshareDemo.Admin.Requests;

/// <summary>Body of POST /admin/sequence.</summary>
public sealed record SequenceRequest(long? Count, int? EveryMs, int? Burst, int? PaddingBytes, string? Event, string[]? Metrics);

namespace HubshareDemo.Admin.Requests;

/// <summary>Body of POST /admin/cut.</summary>
public sealed record CutRequest(string? ConnectionId, string? How, string? Error);

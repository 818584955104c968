namespace HubshareDemo.Admin.Requests;

/// <summary>Body of POST /admin/token-life.</summary>
public sealed record TokenLifeRequest(double? Seconds);

namespace HubshareDemo.Admin.Requests;

/// <summary>Body of POST /admin/delay.</summary>
public sealed record DelayRequest(string? What, double? Ms);

namespace HubshareDemo.Admin.Requests;

/// <summary>Body of the admin calls that turn something on or off.</summary>
public sealed record SwitchRequest(bool? On);

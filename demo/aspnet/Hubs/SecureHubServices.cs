using HubshareDemo.Security;

namespace HubshareDemo.Hubs;

/// <summary>What every hub needs.</summary>
public sealed record SecureHubServices(HubPools Pools, Reauthentication Reauthentication, SecurityLog Log, ILogger<SecureHub> Logger);

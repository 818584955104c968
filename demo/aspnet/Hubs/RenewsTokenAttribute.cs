namespace HubshareDemo.Hubs;

/// <summary>
/// Marks a hub method by which a client gets its connection a newer token. It may be called when the token has expired, and as often as
/// it takes: a user who calls too often must still be able to stay signed in.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RenewsTokenAttribute : Attribute;

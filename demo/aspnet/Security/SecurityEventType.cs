namespace HubshareDemo.Security;

/// <summary>A kind of note in the security log, and how serious it is.</summary>
public sealed record SecurityEventType(string Name, string Level)
{
    public const string Info = "info";
    public const string Warning = "warning";
    public const string Alert = "alert";

    public static readonly SecurityEventType Connected = new("connected", Info);
    public static readonly SecurityEventType Disconnected = new("disconnected", Info);

    /// <summary>A token was missing, expired, forged or for another purpose; the code says which.</summary>
    public static readonly SecurityEventType AuthenticationFailed = new("authentication-failed", Warning);

    /// <summary>Somebody who is signed in wanted what is not theirs.</summary>
    public static readonly SecurityEventType AccessDenied = new("access-denied", Warning);

    /// <summary>A request had a token in its URL and was refused for it.</summary>
    public static readonly SecurityEventType TokenInUrl = new("token-in-url", Warning);

    /// <summary>A request brought its token in the URL, which this hub was told to allow.</summary>
    public static readonly SecurityEventType QueryTokenUsed = new("query-token-used", Warning);

    public static readonly SecurityEventType RateLimited = new("rate-limited", Warning);

    /// <summary>An address has failed so often that it is turned away.</summary>
    public static readonly SecurityEventType TooManyAttempts = new("too-many-attempts", Alert);

    public static readonly SecurityEventType UserBlocked = new("user-blocked", Alert);
    public static readonly SecurityEventType UserUnblocked = new("user-unblocked", Alert);
}

namespace HubshareDemo.Security;

/// <summary>The time by which calls and failed attempts are counted and the security log is dated. An admin call can make it stand still, for tests.</summary>
public sealed class SecurityClock : TimeProvider
{
    private const long Running = -1;
    private long standsAtMs = Running;

    /// <summary>Milliseconds since the epoch. Null: it runs.</summary>
    public long? StandsAtMs
    {
        get => Interlocked.Read(ref standsAtMs) is var at and not Running ? at : null;
        set => Interlocked.Exchange(ref standsAtMs, value ?? Running);
    }

    public override DateTimeOffset GetUtcNow() => StandsAtMs is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : System.GetUtcNow();
}

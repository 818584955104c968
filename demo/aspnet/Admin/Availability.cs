namespace HubshareDemo.Admin;

/// <summary>Whether the hub takes new connections now; if not, negotiate says when to come back, as a load balancer does before a restart.</summary>
public sealed class Availability
{
    private const int Available = -1;
    private volatile int retryAfterSeconds = Available;

    /// <summary>What goes into `Retry-After`. Null: new connections are welcome.</summary>
    public int? RetryAfterSeconds
    {
        get => retryAfterSeconds is var seconds and not Available ? seconds : null;
        set => retryAfterSeconds = value ?? Available;
    }
}

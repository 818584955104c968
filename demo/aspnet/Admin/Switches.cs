namespace HubshareDemo.Admin;

/// <summary>What an admin call may change while the server runs.</summary>
public sealed class Switches(DemoOptions options)
{
    private readonly Hold[] holds = [.. Enum.GetValues<DelayedStep>().Select(_ => new Hold(TimeSpan.Zero))];
    private long tokenLifeTicks = options.TokenLife.Ticks;
    private volatile bool refuseTokens;
    private volatile bool refuseRefresh;
    private volatile bool subprotocol = true;

    public TimeSpan TokenLife
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref tokenLifeTicks));
        set => Interlocked.Exchange(ref tokenLifeTicks, value.Ticks);
    }

    public bool RefuseTokens
    {
        get => refuseTokens;
        set => refuseTokens = value;
    }

    public bool RefuseRefresh
    {
        get => refuseRefresh;
        set => refuseRefresh = value;
    }

    /// <summary>Whether a token is read from the WebSocket subprotocols; off, the hub is as a server with nothing but AddJwtBearer.</summary>
    public bool Subprotocol
    {
        get => subprotocol;
        set => subprotocol = value;
    }

    /// <summary>How many wait in <see cref="DelayAsync" /> now.</summary>
    public Counter Held { get; } = new();

    /// <summary>Whatever waits under the old delay goes on at once.</summary>
    public void SetDelay(DelayedStep step, TimeSpan delay) =>
        Interlocked.Exchange(ref holds[(int)step], new Hold(delay)).Changed.Cancel();

    public async Task DelayAsync(DelayedStep step, CancellationToken cancellationToken)
    {
        var hold = Volatile.Read(ref holds[(int)step]);
        if (hold.Delay <= TimeSpan.Zero)
        {
            return;
        }

        using var counted = Held.Open();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hold.Changed.Token);
        await Task.Delay(hold.Delay, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>A delay, and what ends it for all who wait under it.</summary>
    private sealed record Hold(TimeSpan Delay)
    {
        public CancellationTokenSource Changed { get; } = new();
    }
}

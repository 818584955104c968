using System.Collections.Concurrent;

namespace HubshareDemo.Admin;

/// <summary>What an admin call may change while the server runs.</summary>
public sealed class Switches(DemoOptions options)
{
    private readonly ConcurrentDictionary<DelayedStep, TimeSpan> delays = new();
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

    public void SetDelay(DelayedStep step, TimeSpan delay) => delays[step] = delay;

    public Task DelayAsync(DelayedStep step, CancellationToken cancellationToken) =>
        delays.TryGetValue(step, out var delay) && delay > TimeSpan.Zero ? Task.Delay(delay, cancellationToken) : Task.CompletedTask;
}

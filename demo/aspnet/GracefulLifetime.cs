using System.Runtime.InteropServices;
using HubshareDemo.Hubs;

namespace HubshareDemo;

/// <summary>On SIGINT or SIGTERM every connection is first asked to close, in a way that lets its client reconnect; then the server stops. A second signal ends it at once.</summary>
public sealed class GracefulLifetime(ConnectionCutter cutter, HubPools pools, HubTransports transports, IHostApplicationLifetime lifetime)
    : IHostLifetime, IDisposable
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(2);

    private readonly List<PosixSignalRegistration> signals = [];
    private int stopping;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal));
        signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => signals.ForEach(signal => signal.Dispose());

    private void OnSignal(PosixSignalContext context)
    {
        if (Interlocked.Exchange(ref stopping, 1) == 0)
        {
            context.Cancel = true;
            _ = StopAsync();
        }
    }

    private async Task StopAsync()
    {
        foreach (var entry in pools.AllConnections.ToList())
        {
            await cutter.CutAsync(entry, CutStyle.CloseReconnect, null);
        }

        // A connection has ended before its goodbye is out: the request that carries it ends after that.
        for (var waited = TimeSpan.Zero; pools.AllConnections.Count() + transports.Count > 0 && waited < LongestGoodbye; waited += TimeSpan.FromMilliseconds(20))
        {
            await Task.Delay(20);
        }

        lifetime.StopApplication();
    }
}

using System.Collections.Concurrent;

namespace HubshareDemo.Hubs;

/// <summary>The HTTP requests that carry connections at this moment, by connection token: what there is to cut.</summary>
public sealed class HubTransports
{
    private readonly Lock gate = new();
    private readonly Dictionary<HttpContext, string> carriers = [];
    private readonly HashSet<string> dropNext = [];

    public int Count
    {
        get
        {
            lock (gate)
            {
                return carriers.Count;
            }
        }
    }

    /// <summary>Call when the request begins, and dispose the result when it ends.</summary>
    public IDisposable Enter(HttpContext context, string connectionToken)
    {
        bool drop;
        lock (gate)
        {
            carriers[context] = connectionToken;
            drop = dropNext.Remove(connectionToken);
        }

        if (drop)
        {
            context.Abort();
        }

        return new Leaving(this, context);
    }

    /// <summary>Drops what carries the connection now.</summary>
    /// <param name="connectionToken">The key under which the requests of the connection come.</param>
    /// <param name="orNext">Where nothing carries it now, drops what comes next: a busy client that polls is between two polls most of the time.</param>
    /// <returns>False when nothing was dropped, nor will be.</returns>
    public bool Drop(string connectionToken, bool orNext)
    {
        // Under the lock: a request that ends meanwhile would be given to another by then.
        lock (gate)
        {
            List<HttpContext> found = [.. carriers.Where(pair => pair.Value == connectionToken).Select(pair => pair.Key)];
            if (found.Count == 0 && orNext)
            {
                dropNext.Add(connectionToken);
                return true;
            }

            found.ForEach(carrier => carrier.Abort());
            return found.Count > 0;
        }
    }

    /// <summary>The connection has ended: what was meant for its next request is forgotten.</summary>
    public void Forget(string connectionToken)
    {
        lock (gate)
        {
            dropNext.Remove(connectionToken);
        }
    }

    private void Leave(HttpContext context)
    {
        lock (gate)
        {
            carriers.Remove(context);
        }
    }

    private sealed class Leaving(HubTransports transports, HttpContext context) : IDisposable
    {
        public void Dispose() => transports.Leave(context);
    }
}

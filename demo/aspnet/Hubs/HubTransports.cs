using System.Collections.Concurrent;

namespace HubshareDemo.Hubs;

/// <summary>The HTTP requests that carry connections at this moment, by connection token: what there is to cut.</summary>
public sealed class HubTransports
{
    private readonly ConcurrentDictionary<HttpContext, string> carriers = new();

    /// <summary>Call when the request begins, and dispose the result when it ends.</summary>
    public IDisposable Enter(HttpContext context, string connectionToken)
    {
        carriers[context] = connectionToken;
        return new Leaving(carriers, context);
    }

    public IReadOnlyList<HttpContext> Carrying(string connectionToken) =>
        [.. carriers.Where(pair => pair.Value == connectionToken).Select(pair => pair.Key)];

    private sealed class Leaving(ConcurrentDictionary<HttpContext, string> carriers, HttpContext context) : IDisposable
    {
        public void Dispose() => carriers.TryRemove(context, out _);
    }
}

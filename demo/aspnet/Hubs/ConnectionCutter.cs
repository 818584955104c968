using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace HubshareDemo.Hubs;

/// <summary>Ends connections from outside, in each of the ways in which a server or a network does.</summary>
public sealed class ConnectionCutter(ConnectionRegistry registry, HubTransports transports)
{
    /// <summary>Ends connections of the hub of the ops console.</summary>
    /// <param name="connectionId">Null for all.</param>
    /// <returns>How many were cut.</returns>
    public async Task<int> CutAsync(string? connectionId, CutStyle style, string? error)
    {
        var targets = registry.All.Where(entry => connectionId is null || entry.Id == connectionId).ToList();
        foreach (var entry in targets)
        {
            await CutAsync(entry, style, error);
        }

        return targets.Count;
    }

    public async Task CutAsync(ConnectionEntry entry, CutStyle style, string? error)
    {
        if (style == CutStyle.Abort)
        {
            DropTransport(entry);
            return;
        }

        var mayReconnect = style == CutStyle.CloseReconnect;
        if (error is not null)
        {
            // SignalR has no public way to close with a text of one's own. The client acts on the first Close message that it gets.
            await entry.Connection.WriteAsync(new CloseMessage(error, mayReconnect));
        }

        // Asking for the close is what SignalR itself does at expiry and at shutdown: the Close message then allows reconnecting.
        // Abort is what a hub does that wants no more of a client: its Close message does not.
        if (mayReconnect && entry.Connection.Features.Get<IConnectionLifetimeNotificationFeature>() is { } lifetime)
        {
            lifetime.RequestClose();
        }
        else
        {
            entry.Connection.Abort();
        }
    }

    private void DropTransport(ConnectionEntry entry)
    {
        var isPolled = entry.Connection.Features.Get<IHttpTransportFeature>()?.TransportType == HttpTransportType.LongPolling;
        if (entry.ConnectionToken is null || !transports.Drop(entry.ConnectionToken, isPolled))
        {
            entry.Connection.GetHttpContext()?.Abort();
        }
    }
}

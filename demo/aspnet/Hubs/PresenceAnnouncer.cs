using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>Tells everyone how many connections and users there are.</summary>
public sealed class PresenceAnnouncer(IHubContext<OpsHub> hub, ConnectionRegistry registry)
{
    public Task AnnounceAsync() => SendAsync([.. registry.All]);

    /// <summary>While a connection ends it may still be in the registry; it is no longer present.</summary>
    public Task AnnounceWithoutAsync(string connectionId) => SendAsync([.. registry.All.Where(entry => entry.Id != connectionId)]);

    private Task SendAsync(IReadOnlyCollection<ConnectionEntry> present) =>
        hub.Clients.All.SendAsync("presence", new { connections = present.Count, users = present.Select(entry => entry.User).Distinct().Count() });
}

using HubshareDemo.Hubs;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Incidents;

/// <summary>Tells everyone of each change of an incident, for as long as the server runs.</summary>
public sealed class IncidentAnnouncer(IncidentBoard board, IHubContext<OpsHub> hub) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Only queues, so the order of the changes is the order of the events.
        board.Changed = incident => _ = hub.Clients.All.SendAsync("incident", incident, CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        board.Changed = _ => { };
        return Task.CompletedTask;
    }
}
